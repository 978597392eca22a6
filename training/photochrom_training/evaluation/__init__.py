"""``photochrom-evaluate``: figures and contact sheets of colorization models.

==================  ==============================================================
``commands``        what the command does, put together from the rest
``places``          where a named test set lies
``test_set``        photographs of a tar shard or a folder
``predictors``      what is evaluated: models, and the controls beside them
``remote``          a running server's models
``aged``            models that see the photographs aged
``chroma_prior``    how often each color occurs in the training photographs
``metrics``         PSNR, chroma error, AuC, colorfulness
``ciede2000``       the CIE's color difference
``lpips``           the perceptual distance
``embeddings``      an ImageNet network's features of pictures
``frechet``         the distance of two sets of features
``evaluation``      predictors x photographs to one row of scores a photograph
``report``          rows of scores to figures with intervals, in tables
``published``       what papers report
``files``           what is written
``contact_sheet``   pictures side by side
``worst_page``      the worst photographs of each model
==================  ==============================================================
"""
