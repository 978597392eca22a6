"""Figures that papers report: for scale, and comparable with none of ours.

A figure holds inside its own evaluator: other photographs, other code, other weights of the same metric.
"""

NOT_COMPARABLE = (
    "Published figures, for scale. They are NOT comparable with those above, nor one table with another: "
    "other photographs, other evaluators."
)

_TABLES = {
    # Kang, Yang, Ouyang, Ren, Li, Xie, "DDColor", ICCV 2023, table 1. Its code takes colorfulness from
    # absolute opponents, which metrics.colorfulness does not.
    "ImageNet val5k, 256 px (DDColor's paper, table 1; FID, and colorfulness defined otherwise)": (
        ("method", "parameters", "FID ↓", "colorfulness", "gap ↓", "PSNR ↑"),
        ("Zhang 2016", "32.2 M", "8.72", "31.60", "6.61", "22.64"),
        ("InstColorization", "69.4 M", "8.06", "24.87", "13.34", "23.28"),
        ("DeOldify", "63.6 M", "6.59", "21.29", "16.92", "24.11"),
        ("ColTran", "74 M", "6.44", "34.50", "3.71", "20.95"),
        ("CT2", "463 M", "5.51", "38.48", "0.27", "23.50"),
        ("BigColor", "105 M", "5.36", "39.74", "1.53", "21.24"),
        ("ColorFormer", "44.8 M", "4.91", "38.00", "0.21", "23.10"),
        ("DDColor-tiny", "55 M", "4.38", "37.66", "0.55", "23.54"),
        ("DDColor-large", "228 M", "3.92", "38.26", "0.05", "23.85"),
    ),
    # Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016, table 1.
    "ImageNet val, 10,000 photographs (Zhang 2016, table 1; quoted from memory, approximate)": (
        ("method", "AuC ↑", "AuC rebalanced ↑", "people fooled"),
        ("grey", "89.1", "58.0", ""),
        ("Larsson 2016", "91.7", "65.9", "27.2 %"),
        ("regression, fine-tuned", "91.5", "66.2", "23.9 %"),
        ("classification", "91.6", "65.1", "25.2 %"),
        ("classification, rebalanced", "89.5", "67.3", "32.3 %"),
    ),
    "COCO, 4,000 photographs of EffiColorizer's own choice": (
        ("method", "parameters", "PSNR ↑", "LPIPS ↓"),
        ("EffiColorizer", "13.2 M", "24.93", "0.111"),
        ("Zhang 2016, measured there", "32.2 M", "21.21", "0.181"),
    ),
}


def tables() -> str:
    """The tables in Markdown, under the sentence that says that they are not comparable."""
    parts = [NOT_COMPARABLE]
    for title, (heading, *rows) in _TABLES.items():
        rule = ["---", *["---:"] * (len(heading) - 1)]
        parts += [title + ":", "\n".join("| " + " | ".join(row) + " |" for row in (heading, rule, *rows))]
    return "\n\n".join(parts)
