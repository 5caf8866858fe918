"""Configuration: `marketbus.toml` and the environment, checked as a whole before anything connects."""

from marketbus.apps.config.load import Config, locate
from marketbus.apps.config.load import load as load
from marketbus.apps.config.problems import InvalidConfig

__all__ = ["Config", "InvalidConfig", "load", "locate"]
