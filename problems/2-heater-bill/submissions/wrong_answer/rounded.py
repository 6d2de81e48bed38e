# Wrong answer: two decimals are not precise enough.
import sys


def main():
    data = sys.stdin.read().split()
    n, q, c = map(int, data[:3])
    touches = data[3:3 + 2 * n]
    meter = 0.0
    entered = {}
    bill = {}
    for d, name in zip(touches[::2], touches[1::2]):
        if entered:
            meter += int(d) * c / len(entered)
        if name in entered:
            bill[name] = bill.get(name, 0.0) + meter - entered.pop(name)
        else:
            entered[name] = meter
    for name in data[3 + 2 * n:]:
        print("%.2f" % bill.get(name, 0.0))


main()
