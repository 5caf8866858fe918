"""`marketbus up --demo`: everything on one machine, against a simulated counter."""
