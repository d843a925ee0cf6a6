"""What DAHDI and its tools said of real cards, as their owners published it; where, stands beside each.

Where an owner left channels out, so is it here.
"""

from __future__ import annotations

# /proc/dahdi/N --------------------------------------------------------------------------------------------

# A TE2xxP with its echo canceller, healthy. XiVO documentation, "Hardware", echo cancellers.
TE2XX = """\
Span 1: TE2/0/1 "T2XXP (PCI) Card 0 Span 1" HDB3/CCS ClockSource

   1 TE2/0/1/1 Clear (In use) (EC: VPMOCT064 - INACTIVE)
"""

# A TE4xxP, no cable in it. The hardware detector of Elastix keeps such lines in its database (setup/db,
# hardware_detector).
TE4XX_RED = """\
Span 2: TE4/0/2 "T4XXP (PCI) Card 0 Span 2" HDB3/CCS/CRC4 RED
"""

# The same kind, as `/etc/init.d/dahdi status` (lsdahdi) writes it. asterisk-r2 mailing list, 2009-09-01,
# "Dahdi configuraion / error": http://lists.digium.com/pipermail/asterisk-r2/2009-September/001228.html
TE4XX_LSDAHDI = """\
### Span  1: TE4/0/1 "T4XXP (PCI) Card 0 Span 1" (MASTER) HDB3/ RED
"""

# A TDM800P whose interrupts come too late. XiVO documentation, "Check IRQ misses".
TDM800P = """\
Span 1: WCTDM/0 "Wildcard TDM800P Board 1" (MASTER)
IRQ misses: 1762187
  1 WCTDM/0/0 FXOKS (In use)
  2 WCTDM/0/1 FXOKS (In use)
  3 WCTDM/0/2 FXOKS (In use)
  4 WCTDM/0/3 FXOKS (In use)
"""

# A TDM400P with telephones, under Zaptel, whose format DAHDI kept. A home page, "Asterisk" ("europa").
TDM400P = """\
Span 1: WCTDM/0 "Wildcard TDM400P REV E/F Board 1" (MASTER)\x20

\t1 WCTDM/0/0 FXOKS (In use)
\t2 WCTDM/0/1 FXOKS (In use)
\t3 WCTDM/0/2 FXOKS (In use)
\t4 WCTDM/0/3 FXOKS
"""

# A card of sixteen lines, some without a cable, whose driver names no span. A guide to Issabel with DAHDI.
SIXTEEN_FXO = """\
Span 1:  "" (MASTER)
           1 WCTDM/16/0 FXSKS (In use) RED
           2 WCTDM/16/1 FXSKS (In use)
           3 WCTDM/16/2 FXSKS (In use) RED
"""

# An AEX410 with an echo canceller. Lines of dahdi-channels.conf, which dahdi_genconf takes from /proc: a
# guide to Asternic (first line), a robot that calls (second).
AEX410 = """\
Span 1: WCTDM/0 "Wildcard AEX410" (MASTER)\x20

\t   1 WCTDM/0/0 FXSKS  (EC: VPMOCT032 - INACTIVE)\x20
"""

# A B410P, no cable in its first port. XiVO documentation, "BRI card configuration".
B410P_RED = """\
Span 1: B4/0/1 "B4XXP (PCI) Card 0 Span 1" (MASTER) RED\x20
"""

# A Sangoma A101, which its maker's driver ties to DAHDI. A guide to an E1 with a Cisco.
A101 = """\
Span 1: WPE1/0 "wanpipe1 card 0" (MASTER) CCS/HDB3/CRC4

   1 WPE1/0/1 Clear
  15 WPE1/0/15 Clear
  16 WPE1/0/16 Hardware assisted D-channel
  31 WPE1/0/31 Clear
"""

# A Rhino R4T1. https://github.com/asterisk/dahdi-tools/pull/1
R4T1 = """\
Span 1: R4T1/0/1 "R4T1 Card 0 Span 1" ESFB8ZS/ ClockSource
"""

# dahdi_scan -----------------------------------------------------------------------------------------------

# A beroNet BN4S0 with one cable out and one port unused, a TDM400P with telephones, an Astribank with ISDN:
# all in one machine. The tests of rsclib (github.com/schlatterbeck/rsclib).
FOUR_KINDS = """\
[1]
active=yes
alarms=RED
description=B4XXP (PCI) Card 0 Span 1
name=B4/0/1
manufacturer=Digium
devicetype=BeroNet BN4S0
location=PCI Bus 03 Slot 04
basechan=1
totchans=3
irq=0
type=digital-TE
syncsrc=0
lbo=0 db (CSU)/0-133 feet (DSX-1)
coding_opts=B8ZS,AMI,HDB3
framing_opts=ESF,D4,CCS,CRC4
coding=AMI
framing=CCS
[2]
active=yes
alarms=UNCONFIGURED
description=B4XXP (PCI) Card 0 Span 2
name=B4/0/2
manufacturer=Digium
devicetype=BeroNet BN4S0
location=PCI Bus 03 Slot 04
basechan=4
totchans=3
irq=0
type=digital-TE
syncsrc=0
lbo=0 db (CSU)/0-133 feet (DSX-1)
coding_opts=B8ZS,AMI,HDB3
framing_opts=ESF,D4,CCS,CRC4
coding=AMI
framing=CCS
[5]
active=yes
alarms=OK
description=Wildcard TDM400P REV E/F Board 5
name=WCTDM/4
manufacturer=Digium
devicetype=Wildcard TDM400P REV E/F
location=PCI Bus 03 Slot 03
basechan=13
totchans=4
irq=0
type=analog
port=13,FXS
port=14,FXS
port=15,FXS
port=16,FXS
[6]
active=yes
alarms=OK
description=Xorcom XPD [usb:X1037749].1: BRI_NT
name=XBUS-00/XPD-00
manufacturer=Xorcom Inc.
devicetype=Astribank2
location=usb-0000:00:13.5-3
basechan=17
totchans=3
irq=0
type=digital-BRI
syncsrc=0
lbo=0 db (CSU)/0-133 feet (DSX-1)
coding_opts=AMI
framing_opts=CCS
coding=AMI
framing=CCS
"""

# An A1200P with two modules, and DAHDI without a card. A question at a forum of Ubuntu about opvxa1200.
A1200P = """\
[1]
active=yes
alarms=OK
description=OpenVox A1200P/A800P Board 13
name=OPVXA1200/12
manufacturer=OpenVox
devicetype=OpenVox A1200P/A800P
location=PCI Bus 01 Slot 04
basechan=1
totchans=12
irq=193
type=analog
port=1,FXO
port=2,FXO
port=3,none
port=4,none
"""
NO_CARD = """\
[1]
active=yes
alarms=UNCONFIGURED
description=DAHDI_DUMMY/1 (source: HRtimer) 1
name=DAHDI_DUMMY/1
manufacturer=
devicetype=DAHDI Dummy Timing
location=
basechan=1
totchans=0
irq=0
"""

# A TE420 that nobody has configured. A script that makes a table of dahdi_scan's output.
TE420 = """\
[1]
active=yes
alarms=UNCONFIGURED
description=T4XXP (PCI) Card 0 Span 1
name=TE4/0/1
manufacturer=Digium
devicetype=Wildcard TE420 (5th Gen)
location=Board ID Switch 0
basechan=1
totchans=31
irq=209
type=digital-E1
syncsrc=0
lbo=0 db (CSU)/0-133 feet (DSX-1)
coding_opts=HDB3
framing_opts=CCS,CRC4
coding=
framing=
"""

# A TE121 and an AEX800, both with echo cancellers. README of check_asterisk_dahdi, a check for Icinga.
TE121_AEX800 = """\
[1]
active=yes
alarms=OK
description=Wildcard TE121 Card 0
name=WCT1/0
manufacturer=Digium
devicetype=Wildcard TE121 (VPMOCT032)
[2]
active=yes
alarms=OK
description=Wildcard AEX800
name=WCTDM/0
manufacturer=Digium
devicetype=Wildcard AEX800 (VPMADT032)
"""

# dahdi_hardware -------------------------------------------------------------------------------------------

# A TDM410P. A guide in Spanish to Asterisk on Debian.
TDM410P = "pci:0000:04:05.0     wctdm24xxp+  d161:8005 Wildcard TDM410P\n"

# A TE820. https://github.com/asterisk/dahdi-tools/issues/9
TE820 = "pci:0000:1b:08.0     wct4xxp+     d161:1820 Wildcard TE820 (5th Gen)\n"

# An Astribank, told at length. HiPBX, which reads it; the line of the XPD is as the tool's source has it.
ASTRIBANK = """\
usb:003/005          xpp_usb+     e4e4:1162 Astribank-modular FPGA-firmware
 MPP: TWINSTAR_PORT=0
 MPP: TWINSTAR_WATCHDOG=0
 MPP: TWINSTAR_POWER[0]=1
 MPP: TWINSTAR_POWER[1]=1
 LABEL=[usb:X1046341]       CONNECTOR=@usb-0000:04:01.2-2.2
\tXBUS-00/XPD-00: FXS      (14) Span 1
"""

# pri show spans -------------------------------------------------------------------------------------------

# Four trunks, one of them up. nagisk.pl, a check for Nagios.
FOUR_TRUNKS = """\
PRI span 1/0: Provisioned, In Alarm, Down, Active \x20
PRI span 2/0: Provisioned, In Alarm, Down, Active \x20
PRI span 3/0: Provisioned, Up, Active \x20
PRI span 4/0: Provisioned, In Alarm, Down, Active \x20
"""

# One, of a later Asterisk. README of check_asterisk_pri, a check for Icinga.
ONE_TRUNK = "PRI span 1/0: Up, Active\n"

EVERYTHING = (
    TE2XX, TE4XX_RED, TE4XX_LSDAHDI, TDM800P, TDM400P, SIXTEEN_FXO, AEX410, B410P_RED, A101, R4T1, FOUR_KINDS,
    A1200P, NO_CARD, TE420, TE121_AEX800, TDM410P, TE820, ASTRIBANK, FOUR_TRUNKS, ONE_TRUNK,
)  # fmt: skip
