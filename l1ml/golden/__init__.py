"""Golden packs: what verified firmware computed, frozen in one file that later firmware is held against."""
