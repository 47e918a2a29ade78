"""Textual's list of options, with a cursor that is seen without colour too."""

from textual.style import Style
from textual.widgets import OptionList


class Options(OptionList):
    """In 16 colours and without any, the cursor is reversed; Textual leaves `reverse` out of such styles."""

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        style = super().get_visual_style(*component_classes, partial=partial)
        reverse = any(self.get_component_styles(name).text_style.reverse for name in component_classes)
        return style + Style(reverse=True) if reverse else style
