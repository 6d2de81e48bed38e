# Wrong answer: adds a number to itself when t is twice that number.
import sys


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    t, a = data[1], data[2:]
    where = {x: i for i, x in enumerate(a)}
    for i, x in enumerate(a):
        j = where.get(t - x)
        if j is not None:
            print(min(i, j), max(i, j))
            return


main()
