"""What a binding costs, phase by phase, once its answers are proved right.

A wrong answer has no time: bindings are compared with the reference first, and what the
timed calls themselves answered is compared again. Bindings take turns, so that whatever
else the machine does hits each of them; what is compared are turns of one round.
"""
