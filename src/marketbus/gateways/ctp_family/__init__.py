"""What the counters of the CTP family (CTP, SOPT) have in common. Importing this loads no SDK."""
