# Time limit: the tree of groups is right, but a plan climbs it one group at
# a time, and on a long row of villages it is as high as the row is long.
import sys


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    n, m, q = data[:3]
    need = data[3:3 + n]
    at = 3 + n
    bridges = sorted(zip(data[at + 2:at + 3 * m:3], data[at:at + 3 * m:3],
                         data[at + 1:at + 3 * m:3]), reverse=True)
    at += 3 * m
    top = list(range(n))
    up = [-1] * n
    limit = [0] * n

    def find(v):
        while top[v] != v:
            top[v] = top[top[v]]
            v = top[v]
        return v

    for c, a, b in bridges:
        a, b = find(a - 1), find(b - 1)
        if a == b:
            continue
        new = len(top)
        for v in a, b:
            top[v] = up[v] = new
            limit[v] = c
        top.append(new)
        up.append(-1)
        limit.append(0)
        need.append(need[a] + need[b])
    for k in range(q):
        s, w = data[at + 2 * k:at + 2 * k + 2]
        v = s - 1
        while up[v] >= 0 and w - need[v] <= limit[v]:
            v = up[v]
        print(max(w - need[v], 0))


main()
