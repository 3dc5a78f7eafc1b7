"""Generated use of Claude Code whose truth is known, and the ways its counters can look in a store.

``use`` invents what people did: processes, and events that add to counters. ``recorders`` turns them into
samples the way a pipeline would, and notes when each event first shows in one: those increments are the
truth, and no query language takes part in finding it; ``known`` adds them up. ``spellings`` names series as
back ends do, ``render`` writes them for promtool and VictoriaMetrics, and ``cases`` puts it all together, one
dataset for each way in which counters can look.
"""
