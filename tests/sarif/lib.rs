//! Nothing: the manifest beside it says why.
