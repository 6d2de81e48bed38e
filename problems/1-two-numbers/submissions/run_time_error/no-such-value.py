# Run-time error: list.index raises ValueError where nothing is found.
import sys


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    t, a = data[1], data[2:]
    for i, x in enumerate(a):
        j = a.index(t - x, i + 1)
        print(i, j)
        return


main()
