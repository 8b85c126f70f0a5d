//! Near misses: whether one name was probably meant by another.
//!
//! Reads and writes: nothing. Unknown here: what is named.

/// How far a name is from the one that was looked for, in letters; nothing if more than a third of its letters differ. Case does not
/// count.
///
/// ```
/// use oci_image_boundary::near_miss::distance;
///
/// assert_eq!(distance("Dockerfile", "dockerfile"), Some(0));
/// assert_eq!(distance("VERSION", "VERSON"), Some(1));
/// assert_eq!(distance("VERSION", "RELEASE"), None);
/// ```
#[must_use]
pub fn distance(sought: &str, name: &str) -> Option<usize> {
    if name.eq_ignore_ascii_case(sought) {
        return Some(0);
    }
    let allowed = (sought.chars().count() / 3).max(1);
    Some(strsim::osa_distance(name, sought)).filter(|distance| *distance <= allowed)
}
