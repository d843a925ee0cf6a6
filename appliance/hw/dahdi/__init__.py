"""DAHDI, the kernel's telephony drivers: what it and its tools say, and what they are told."""
