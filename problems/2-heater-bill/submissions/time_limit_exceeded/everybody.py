# Time limit: at every touch, each person inside is charged.
import sys


def main():
    data = sys.stdin.read().split()
    n, q, c = map(int, data[:3])
    touches = data[3:3 + 2 * n]
    inside = set()
    bill = {}
    for d, name in zip(touches[::2], touches[1::2]):
        if d != "0" and inside:
            share = int(d) * c / len(inside)
            for other in inside:
                bill[other] += share
        if name in inside:
            inside.remove(name)
        else:
            inside.add(name)
            bill.setdefault(name, 0.0)
    for name in data[3 + 2 * n:]:
        print("%.9f" % bill.get(name, 0.0))


main()
