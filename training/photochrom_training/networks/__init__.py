"""The networks: each file builds one, and reads like the paper that it comes from.

Every network maps L* ``(n, 1, h, w)``, 0 to 100, to a*b* ``(n, 2, h', w')`` in CIE units: scaling to
and from the network's own range happens inside, so no caller repeats a constant.
"""
