"""The network: plans and files by properties, the firewall and a trial on real kernels' parts."""
