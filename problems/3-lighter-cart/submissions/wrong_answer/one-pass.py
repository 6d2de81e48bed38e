# Wrong answer: never comes back to a bridge that was too weak at first.
import sys
from collections import deque


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    n, m, q = data[:3]
    need = [0] + data[3:3 + n]
    at = 3 + n
    bridges = [[] for _ in range(n + 1)]
    for k in range(m):
        a, b, c = data[at + 3 * k:at + 3 * k + 3]
        bridges[a].append((c, b))
        bridges[b].append((c, a))
    at += 3 * m
    for k in range(q):
        s, w = data[at + 2 * k:at + 2 * k + 2]
        seen = {s}
        todo = deque([s])
        while todo:
            v = todo.popleft()
            w = max(w - need[v], 0)
            for c, other in bridges[v]:
                if c >= w and other not in seen:
                    seen.add(other)
                    todo.append(other)
        print(w)


main()
