"""``photochrom-evaluate``: figures and contact sheets of colorization models.

==================  ==============================================================
``test_set``        photographs of a tar shard or a folder
``predictors``      what is evaluated: models, and the controls beside them
``chroma_prior``    how often each color occurs in the training photographs
``metrics``         PSNR, chroma error, AuC, colorfulness
``ciede2000``       the CIE's color difference
``lpips``           the perceptual distance
``evaluation``      predictors x photographs to one row of scores a photograph
``report``          rows of scores to figures with intervals, and their files
``contact_sheet``   pictures side by side
==================  ==============================================================
"""
