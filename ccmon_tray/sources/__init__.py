"""Where usage comes from: one protocol (:mod:`.base`) and its implementations."""
