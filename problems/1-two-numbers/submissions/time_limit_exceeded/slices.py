# Time limit: the search is fast, but each step copies the rest of the list.
import sys
from bisect import bisect_left


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    t, a = data[1], data[2:]
    order = sorted(range(len(a)), key=a.__getitem__)
    values = [a[i] for i in order]
    for k, x in enumerate(values):
        rest = values[k + 1:]
        at = bisect_left(rest, t - x)
        if at < len(rest) and rest[at] == t - x:
            i, j = order[k], order[k + 1 + at]
            print(min(i, j), max(i, j))
            return


main()
