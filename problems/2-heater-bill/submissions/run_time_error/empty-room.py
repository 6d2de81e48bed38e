# Run-time error: divides by zero while the room is empty.
import sys


def main():
    data = sys.stdin.read().split()
    n, q, c = map(int, data[:3])
    touches = data[3:3 + 2 * n]
    meter = 0.0
    entered = {}
    bill = {}
    for k, (d, name) in enumerate(zip(touches[::2], touches[1::2])):
        if k > 0:
            meter += int(d) * c / len(entered)
        if name in entered:
            bill[name] = bill.get(name, 0.0) + meter - entered.pop(name)
        else:
            entered[name] = meter
    for name in data[3 + 2 * n:]:
        print("%.9f" % bill.get(name, 0.0))


main()
