"""Levels that every test, interval and false discovery rate of the package keeps to.

The rule is the same everywhere: what is at most the level is significant, what is above is not.
"""

#: Largest p-value of a single test that is called significant.
SIGNIFICANCE = 0.05
#: Largest false discovery rate at which something is found.
FDR = 0.05
#: Confidence of all intervals,
CONFIDENCE = 0.95
#: the quantiles at their ends,
TAILS = (0.025, 0.975)
#: and the upper one of the normal distribution.
Z = 1.959963984540054
#: Chance with which an effect is to be found for it to be called detectable.
POWER = 0.8
#: Fewest observed patients in each of two groups; below it there is no test.
MINIMUM_GROUP = 3
