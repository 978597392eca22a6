"""A batch: whole folders into a destination, interrupted and resumed at any moment.

::

    walk → plan (what is colored already is passed over) → a window of photographs in work → journal, report

A photograph is colored into a staging folder, its outcome goes into the journal, and then it takes its
place. So wherever a batch is cut off, the next run finds in the journal what is done, moves what was on
its way, and colors the rest.
"""
