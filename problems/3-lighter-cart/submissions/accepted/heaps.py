# Accepted: bridges from strong to weak join groups of villages; each group
# has a heap of its plans, heaviest first.  Those too heavy to go on stop.
import sys
from heapq import heappop, heappush


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    n, m, q = data[:3]
    need = [0] + data[3:3 + n]
    at = 3 + n
    bridges = sorted(zip(data[at + 2:at + 3 * m:3], data[at:at + 3 * m:3],
                         data[at + 1:at + 3 * m:3]), reverse=True)
    at += 3 * m
    left = [0] * q
    plans = [[] for _ in range(n + 1)]
    for k in range(q):
        s, w = data[at + 2 * k:at + 2 * k + 2]
        heappush(plans[s], (-w, k))
    group = list(range(n + 1))

    def find(v):
        while group[v] != v:
            group[v] = group[group[v]]
            v = group[v]
        return v

    def stop(v, most):
        heap = plans[v]
        while heap and -heap[0][0] - need[v] > most:
            w, k = heappop(heap)
            left[k] = -w - need[v]

    for c, a, b in bridges:
        a, b = find(a), find(b)
        if a == b:
            continue
        stop(a, c)
        stop(b, c)
        if len(plans[a]) < len(plans[b]):
            a, b = b, a
        for plan in plans[b]:
            heappush(plans[a], plan)
        plans[b] = []
        group[b] = a
        need[a] += need[b]
    for v in range(1, n + 1):
        if group[v] == v:
            stop(v, 0)
    print("\n".join(map(str, left)))


main()
