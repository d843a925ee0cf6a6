"""Asterisk: its ear (AMI, CEL, queue_log), its hand (actions) and its files (conf/). Process foyer-pbx."""
