//! DER: the parts of a key of elliptic curves, where they stand in SEC1's form and in PKCS#8's.
//!
//! Nothing is copied: the parts are places in the buffer that its owner overwrites.
//!
//! Reads and writes: nothing. Unknown here: PEM, what a key can do.
//! Source: RFC 5915 (SEC1's `ECPrivateKey`), RFC 5208 and 5958 (PKCS#8), RFC 5480 (curves); X.690 for DER.

/// Tags of the values that keys are made of.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The optional fields of `ECPrivateKey`.
const PARAMETERS: u8 = 0xa0;
const PUBLIC_KEY: u8 = 0xa1;

/// `id-ecPublicKey`.
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// The curves that SSH has keys of, by SSH's names.
const CURVES: [(&[u8], &str); 3] = [
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        "nistp256",
    ),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "nistp384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "nistp521"),
];

/// An `ECPrivateKey`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EcKey<'k> {
    /// SSH's name of the curve; `None` where the key does not say it.
    pub(super) curve: Option<&'static str>,
    pub(super) scalar: &'k [u8],
    /// The public half; `None` where it was left out.
    pub(super) point: Option<&'k [u8]>,
}

/// The parts of an `ECPrivateKey`; `None` if it is malformed, or of a curve that SSH has no name for.
pub(super) fn ec_key(contents: &[u8]) -> Option<EcKey<'_>> {
    let mut rest = contents;
    let mut fields = take(&mut rest, SEQUENCE)?;
    (take(&mut fields, INTEGER)? == [1]).then_some(())?;
    let scalar = take(&mut fields, OCTET_STRING)?;
    let curve = match take(&mut fields, PARAMETERS) {
        Some(mut parameters) => Some(curve(take(&mut parameters, OBJECT_IDENTIFIER)?)?),
        None => None,
    };
    let point = match take(&mut fields, PUBLIC_KEY) {
        Some(mut wrapped) => {
            let (unused, point) = take(&mut wrapped, BIT_STRING)?.split_first()?;
            (*unused == 0).then_some(())?;
            Some(point)
        }
        None => None,
    };
    Some(EcKey {
        curve,
        scalar,
        point,
    })
}

/// The `ECPrivateKey` in a PKCS#8 document with the name of its curve; `None` if it is a key of another kind.
pub(super) fn ec_in_pkcs8(contents: &[u8]) -> Option<EcKey<'_>> {
    let mut rest = contents;
    let mut fields = take(&mut rest, SEQUENCE)?;
    take(&mut fields, INTEGER)?;
    let mut algorithm = take(&mut fields, SEQUENCE)?;
    (take(&mut algorithm, OBJECT_IDENTIFIER)? == EC_PUBLIC_KEY).then_some(())?;
    let named = curve(take(&mut algorithm, OBJECT_IDENTIFIER)?)?;
    let key = ec_key(take(&mut fields, OCTET_STRING)?)?;
    Some(EcKey {
        curve: Some(named),
        ..key
    })
}

fn curve(identifier: &[u8]) -> Option<&'static str> {
    let named = CURVES.iter().find(|(known, _)| *known == identifier)?;
    Some(named.1)
}

/// The contents of the first value if it has that tag; `rest` is what follows it then.
fn take<'k>(rest: &mut &'k [u8], tag: u8) -> Option<&'k [u8]> {
    let (first, after) = rest.split_first()?;
    (*first == tag).then_some(())?;
    let (length, after) = after.split_first()?;
    let (length, after) = match *length {
        short @ 0..=0x7f => (usize::from(short), after),
        // Keys are far shorter than what two bytes of length can say.
        long @ 0x81..=0x82 => {
            let (length, after) = after.split_at_checked(usize::from(long - 0x80))?;
            let length = length
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, after)
        }
        _ => return None,
    };
    let (contents, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        let contents = contents.concat();
        let mut value = vec![tag];
        if contents.len() >= 0x80 {
            value.push(0x81);
        }
        value.push(u8::try_from(contents.len()).unwrap());
        value.extend(contents);
        value
    }

    #[test]
    fn parts_are_found_where_they_stand_and_may_be_left_out() {
        let version = value(INTEGER, &[&[1]]);
        let scalar = value(OCTET_STRING, &[&[7; 32]]);
        let curve = value(PARAMETERS, &[&value(OBJECT_IDENTIFIER, &[CURVES[0].0])]);
        let point = value(PUBLIC_KEY, &[&value(BIT_STRING, &[&[0], &[4; 65]])]);
        let whole = value(SEQUENCE, &[&version, &scalar, &curve, &point]);
        let short = value(SEQUENCE, &[&version, &scalar]);

        assert_eq!(
            ec_key(&whole),
            Some(EcKey {
                curve: Some("nistp256"),
                scalar: &[7; 32],
                point: Some(&[4; 65])
            })
        );
        assert_eq!(
            ec_key(&short),
            Some(EcKey {
                curve: None,
                scalar: &[7; 32],
                point: None
            })
        );
        for length in 0..whole.len() {
            assert_eq!(ec_key(&whole[..length]), None, "{length}");
        }
    }

    #[test]
    fn pkcs8_names_the_curve_outside_of_the_key() {
        let key = value(
            SEQUENCE,
            &[&value(INTEGER, &[&[1]]), &value(OCTET_STRING, &[&[9; 66]])],
        );
        let algorithm = |kind: &[u8]| {
            let identifier = value(OBJECT_IDENTIFIER, &[kind]);
            let curve = value(OBJECT_IDENTIFIER, &[CURVES[2].0]);
            value(SEQUENCE, &[&identifier, &curve])
        };
        let document = |kind: &[u8]| {
            let version = value(INTEGER, &[&[0]]);
            let octets = value(OCTET_STRING, &[&key]);
            value(SEQUENCE, &[&version, &algorithm(kind), &octets])
        };

        let found = document(EC_PUBLIC_KEY);
        let other = document(&[0x2b, 0x65, 0x70]);

        assert_eq!(ec_in_pkcs8(&found).unwrap().curve, Some("nistp521"));
        assert_eq!(ec_in_pkcs8(&other), None);
    }
}
