"""What is known of the box's health, and what is wrong with it. The process foyer-health gathers facts of the
machine and reads its journal for the pages, which may do neither; `foyer doctor` uses the same code as root.

`facts` and `checks` are pure; whoever shows findings imports those, and `client` to reach the process.
"""
