"""`make powercut`: the disk as a power cut at a random moment leaves it, and a box that boots from it."""
