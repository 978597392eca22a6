"""The wire types of TensorFlow Serving, as far as a Photochrom server speaks them.

They register public names such as ``tensorflow.TensorProto`` in protobuf's one pool, where TensorFlow
registers its own: no process that might also import TensorFlow may import these.
"""
