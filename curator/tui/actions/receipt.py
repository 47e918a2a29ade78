"""What can be done with a receipt."""

from curator.tui.actions.action import Action

RECEIPT: tuple[Action, ...] = (
    Action("receipt", "next", "enter,p", "Next failure", "Go to the next open failure.", footer=True, show_as="enter"),
    Action("receipt", "back", "escape", "Back to queue", "Back to the queue.", footer=True),
    Action("receipt", "explain", "e", "Explain", "Read what went wrong, and what to do.", twin="curator explain CODE"),
    Action(
        "receipt",
        "prove",
        "t",
        "Prove",
        "Run the item on production and on a candidate: does it fail there and pass here?",
        footer=True,
        twin="curator prove ITEM --rules R --production SPEC --candidate SPEC",
    ),
    Action("receipt", "copy_link", "y", "Copy link", "Copy the item's address in Langfuse."),
    Action("receipt", "browse", "b", "Browser", "Open the item in Langfuse.", footer=True),
    *(
        Action(
            "receipt",
            f"remedy({n})",
            str(n),
            f"Remedy {n}",
            "Apply a remedy by its number.",
            twin="curator promote TRACE --remedy NAME",
            show_as="1–9",
        )
        for n in range(1, 7)
    ),
)
