# Run-time error: find is recursive, too deep for a long row of villages.
import sys


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    n, m, q = data[:3]
    need = data[3:3 + n]
    at = 3 + n
    bridges = sorted(zip(data[at + 2:at + 3 * m:3], data[at:at + 3 * m:3],
                         data[at + 1:at + 3 * m:3]), reverse=True)
    at += 3 * m
    up = [-1] * n
    most = [-1] * n

    def root(v):
        return v if up[v] < 0 else root(up[v])

    for c, a, b in bridges:
        a, b = root(a - 1), root(b - 1)
        if a == b:
            continue
        for v in a, b:
            up[v] = len(up)
            most[v] = need[v] + c
        up.append(-1)
        most.append(-1)
        need.append(need[a] + need[b])
    for k in range(q):
        s, w = data[at + 2 * k:at + 2 * k + 2]
        v = s - 1
        while most[v] >= w:
            v = up[v]
        print(max(w - need[v], 0))


main()
