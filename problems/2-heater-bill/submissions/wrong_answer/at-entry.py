# Wrong answer: shares a whole visit by how many were there at its start.
import sys


def main():
    data = sys.stdin.read().split()
    n, q, c = map(int, data[:3])
    touches = data[3:3 + 2 * n]
    now = 0
    entered = {}
    bill = {}
    for d, name in zip(touches[::2], touches[1::2]):
        now += int(d)
        if name in entered:
            since, heads = entered.pop(name)
            bill[name] = bill.get(name, 0.0) + (now - since) * c / heads
        else:
            entered[name] = now, len(entered) + 1
    for name in data[3 + 2 * n:]:
        print("%.9f" % bill.get(name, 0.0))


main()
