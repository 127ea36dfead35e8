"""`make demo`: the product's main job against a running instance, over HTTP and a socket only, every figure checked."""
