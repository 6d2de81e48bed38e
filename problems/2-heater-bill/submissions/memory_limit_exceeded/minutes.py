# Memory limit: keeps, for every minute, a list of those inside.
import sys


def main():
    data = sys.stdin.read().split()
    n, q, c = map(int, data[:3])
    touches = data[3:3 + 2 * n]
    inside = set()
    minutes = []
    for d, name in zip(touches[::2], touches[1::2]):
        for _ in range(int(d)):
            minutes.append(list(inside))
        inside ^= {name}
    bill = {}
    for names in minutes:
        for name in names:
            bill[name] = bill.get(name, 0.0) + c / len(names)
    for name in data[3 + 2 * n:]:
        print("%.9f" % bill.get(name, 0.0))


main()
