"""CON7xx: execution models that cross. An event loop inside an event loop, waiting for oneself, objects of a
loop used from a thread: not slow but wrong, it fails or it never ends."""
