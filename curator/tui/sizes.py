"""How much text there is to look at, without looking at all of it."""


def estimated_size(value: object, enough: int) -> int:
    """Characters in the strings of a value, roughly; stops counting at `enough`."""
    total = 0
    stack = [value]
    while stack and total < enough:
        item = stack.pop()
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, dict):
            total += 8 * len(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            total += 8 * len(item)
            stack.extend(item)
        else:
            total += 4
    return total
