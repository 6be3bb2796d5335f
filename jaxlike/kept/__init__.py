"""What took long to find or to compile, kept in the user's cache folder for the next process.

Files are found by a fingerprint of all that they depend on, and looked through before they are
used. What has no fingerprint, such as a function of somebody else, is not kept.
"""
