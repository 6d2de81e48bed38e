# Accepted: remembers where each number was seen; linear.
import sys


def main():
    data = sys.stdin.buffer.read().split()
    t = int(data[1])
    seen = {}
    for i, word in enumerate(data[2:]):
        x = int(word)
        if t - x in seen:
            print(seen[t - x], i)
            return
        seen[x] = i


main()
