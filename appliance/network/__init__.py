"""How the box reaches its network: the plan that an administrator chooses, systemd-networkd's files made of
it, and the trial that goes back by itself. Run as root by the units foyer-network@; pages know `plan`.
"""
