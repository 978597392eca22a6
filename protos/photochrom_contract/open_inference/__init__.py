"""The wire types of the Open Inference Protocol and of Triton, as far as a Photochrom server speaks them.

They register public names such as ``inference.ModelInferRequest`` in protobuf's one pool, where the clients
of Triton and KServe register their own: no process that might also import those may import these.
"""
