"""Process foyer-console: the box's own screen. Shows where the box is, and does the few things that need
no network: who stands before the box could as well take its disk out.

It is an account without rights, and asks foyer-privileged for what it does. English: the kernel's console
font has no letters of Vietnamese, and half a language is none.
"""
