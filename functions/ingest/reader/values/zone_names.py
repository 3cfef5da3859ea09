"""The short names of time zones, as they stand after a time: `15:05 CET`."""

_ONE = """
    wet 0; west 1; cet 1; mez 1; cest 2; mesz 2; eet 2; eest 3; msk 3; trt 3; sast 2; hkt 8; sgt 8;
    awst 8; jst 9; kst 9; aest 10; aedt 11; nzst 12; nzdt 13; brt -3; art -3; edt -4; mdt -6;
    pdt -7; akdt -8; akst -9; hst -10
"""
# Hours from UTC, of those whose name is that of no other zone.
HOURS = {name: int(hours) for name, hours in map(str.split, _ONE.split(";"))}
# In Dublin, Delhi and Jerusalem it is IST: these say which clock only to who stands below it.
SEVERAL = frozenset({"est", "cst", "cdt", "mst", "pst", "ast", "adt", "bst", "ist", "gst", "sst"})
