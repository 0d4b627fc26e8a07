//! Certificates: authorities, self-signed ones and signed ones.

use super::args::{I, L, Result, S, int, items, printed, utf8};
use super::base::BASE_64;
use super::der::{
    bit_string, integer, octet_string, pem, pem_decode, read, read_whole, sequence, tlv,
};
use super::go_layout::format;
use super::go_time::GoTime;
use super::host::{Moment, host};
use super::keys::{Key, Made};
use super::random::Stream;
use crate::tmpl::{Call, CallError, Function, Member, Object, Type, Value};
use sha2::Digest as _;
use std::net::IpAddr;
use std::rc::Rc;

const C: Type = Type::Object("sprig.certificate");

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("buildCustomCert", &[S, S], C, build_custom),
    Function::new("genCA", &[S, I], C, |call, args| {
        let key = Key::rsa(call, 2048)?;
        authority(call, args, &key)
    }),
    Function::new("genCAWithKey", &[S, I, S], C, |call, args| {
        let key = given_key(&args[2])?;
        authority(call, args, &key)
    }),
    Function::new("genSelfSignedCert", &[S, L, L, I], C, |call, args| {
        let key = Key::rsa(call, 2048)?;
        leaf(call, args, &key, None)
    }),
    Function::new("genSelfSignedCertWithKey", &[S, L, L, I, S], C, |call, args| {
        let key = given_key(&args[4])?;
        leaf(call, args, &key, None)
    }),
    Function::new("genSignedCert", &[S, L, L, I, C], C, |call, args| {
        let key = Key::rsa(call, 2048)?;
        leaf(call, args, &key, Some(&args[4]))
    }),
    Function::new("genSignedCertWithKey", &[S, L, L, I, C, S], C, |call, args| {
        let key = given_key(&args[5])?;
        leaf(call, args, &key, Some(&args[4]))
    }),
];

/// A certificate and its key as PEM.
struct Certificate {
    cert: String,
    key: String,
}

fn object(cert: String, key: String) -> Result {
    Ok(Value::Object(Rc::new(Certificate { cert, key })))
}

impl Object for Certificate {
    fn type_name(&self) -> &str {
        "sprig.certificate"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        match name {
            b"Cert" => Some(Member::Field(Value::str(self.cert.as_str()), Type::Str)),
            b"Key" => Some(Member::Field(Value::str(self.key.as_str()), Type::Str)),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::str(self.cert.as_str())), ("Key", Value::str(self.key.as_str()))]
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn given_key(value: &Value) -> Made<Key> {
    Key::parse(&utf8(value))
        .map_err(|error| CallError::new(format!("parsing private key: {error}")))
}

fn build_custom(_: &mut Call<'_>, args: &[Value]) -> Result {
    let decoded = |at: usize, what: &str| {
        let bytes = BASE_64.decode(utf8(&args[at]).as_bytes());
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        text.map_err(|_| CallError::new(format!("unable to decode base64 {what}")))
    };
    let (cert, key) = (decoded(0, "certificate")?, decoded(1, "private key")?);
    issuer(&cert)?;
    Key::parse(&key)
        .map_err(|error| CallError::new(format!("error parsing private key: {error}")))?;
    object(cert, key)
}

/// What a signed certificate takes over from its signer.
struct Issuer {
    name: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

const OID_KEY_ID: &[u8] = &[0x55, 0x1d, 14];

fn issuer(cert: &str) -> Made<Issuer> {
    let (_, der) =
        pem_decode(cert).ok_or_else(|| CallError::new("unable to decode certificate"))?;
    parsed(&der).ok_or_else(|| {
        CallError::new("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")
    })
}

fn parsed(der: &[u8]) -> Option<Issuer> {
    let (_, certificate, _) = read(der)?;
    let (_, mut rest, _) = read(certificate)?;
    if rest.first() == Some(&0xa0) {
        rest = read(rest)?.2;
    }
    // Number, algorithm, issuer and validity stand before the subject.
    for _ in 0..4 {
        rest = read(rest)?.2;
    }
    let (name, rest) = read_whole(rest)?;
    let (_, _, mut rest) = read(rest)?;
    let mut key_id = None;
    while let Some((tag, content, after)) = read(rest) {
        if tag == 0xa3 {
            let (_, mut extensions, _) = read(content)?;
            while let Some((_, extension, after)) = read(extensions) {
                let (_, oid, value) = read(extension)?;
                if oid == OID_KEY_ID {
                    let (_, inner, _) = read(value)?;
                    key_id = Some(read(inner)?.1.to_vec());
                }
                extensions = after;
            }
        }
        rest = after;
    }
    Some(Issuer { name: name.to_vec(), key_id })
}

fn authority(call: &mut Call<'_>, args: &[Value], key: &Key) -> Result {
    let request = Request {
        name: utf8(&args[0]).into_owned(),
        days: int(&args[1]),
        addresses: Vec::new(),
        names: Vec::new(),
        authority: true,
    };
    let cert = signed(call, &request, key, None)?;
    object(cert, key.pem()?)
}

fn leaf(call: &mut Call<'_>, args: &[Value], key: &Key, signer: Option<&Value>) -> Result {
    let signer = match signer {
        None => None,
        Some(Value::Object(object)) => {
            let signer = object.as_any().downcast_ref::<Certificate>();
            let signer = signer.ok_or_else(|| CallError::new("no certificate"))?;
            let wrong = |error: String| format!("error parsing private key: {error}");
            let key = Key::parse(&signer.key).map_err(|error| CallError::new(wrong(error)));
            Some((issuer(&signer.cert)?, key?))
        }
        Some(_) => return Err(CallError::new("no certificate")),
    };
    let request = Request {
        name: utf8(&args[0]).into_owned(),
        days: int(&args[3]),
        addresses: addresses(&args[1])?,
        names: names(&args[2])?,
        authority: false,
    };
    let cert = signed(call, &request, key, signer.as_ref())?;
    object(cert, key.pem()?)
}

fn addresses(value: &Value) -> Made<Vec<IpAddr>> {
    let list = items(value);
    let list = list.iter().flat_map(|list| list.items());
    list.map(|item| {
        let shown = printed(item).text().into_owned();
        match item {
            Value::Str(_) => {
                shown.parse().map_err(|_| CallError::new(format!("error parsing ip: {shown}")))
            }
            _ => Err(CallError::new(format!("error parsing ip: {shown} is not a string"))),
        }
    })
    .collect()
}

fn names(value: &Value) -> Made<Vec<String>> {
    let list = items(value);
    let list = list.iter().flat_map(|list| list.items());
    list.map(|item| match item {
        Value::Str(name) => Ok(name.text().into_owned()),
        item => {
            let shown = printed(item).text().into_owned();
            let message = format!("error processing alternate dns name: {shown} is not a string");
            Err(CallError::new(message))
        }
    })
    .collect()
}

struct Request {
    name: String,
    days: i64,
    addresses: Vec<IpAddr>,
    names: Vec<String>,
    authority: bool,
}

/// `CN=name`.
fn distinguished(name: &str) -> Vec<u8> {
    if name.is_empty() {
        return sequence(&[]);
    }
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if name.bytes().all(printable) { 0x13 } else { 0x0c };
    let attribute = sequence(&[&tlv(6, &[0x55, 4, 3]), &tlv(tag, name.as_bytes())]);
    sequence(&[&tlv(0x31, &attribute)])
}

fn time(seconds: i64) -> Vec<u8> {
    let time = GoTime::utc(Moment { seconds, nanoseconds: 0 });
    match time.date().year {
        1950..2050 => tlv(0x17, format(&time, "060102150405Z").as_bytes()),
        _ => tlv(0x18, format(&time, "20060102150405Z").as_bytes()),
    }
}

fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let mark: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    sequence(&[&tlv(6, &[0x55, 0x1d, last]), mark, &octet_string(value)])
}

fn extensions(request: &Request, key_id: &[u8], signer: Option<&[u8]>) -> Vec<u8> {
    let usage: u8 = if request.authority { 0xa4 } else { 0xa0 };
    let unused = usage.trailing_zeros() as u8;
    let mut out = extension(15, true, &tlv(3, &[unused, usage]));
    let purpose = |last: u8| tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, last]);
    out.extend(extension(37, false, &sequence(&[&purpose(1), &purpose(2)])));
    let constraint: &[u8] = if request.authority { &[1, 1, 0xff] } else { &[] };
    out.extend(extension(19, true, &sequence(&[constraint])));
    if request.authority {
        out.extend(extension(14, false, &octet_string(key_id)));
    }
    if let Some(signer) = signer {
        out.extend(extension(35, false, &sequence(&[&tlv(0x80, signer)])));
    }
    if !request.names.is_empty() || !request.addresses.is_empty() {
        let mut others = Vec::new();
        for name in &request.names {
            others.extend(tlv(0x82, name.as_bytes()));
        }
        for address in &request.addresses {
            others.extend(match address {
                IpAddr::V4(address) => tlv(0x87, &address.octets()),
                IpAddr::V6(address) => match address.to_ipv4_mapped() {
                    Some(address) => tlv(0x87, &address.octets()),
                    None => tlv(0x87, &address.octets()),
                },
            });
        }
        out.extend(extension(17, request.name.is_empty(), &tlv(0x30, &others)));
    }
    tlv(0xa3, &tlv(0x30, &out))
}

fn signed(
    call: &mut Call<'_>,
    request: &Request,
    key: &Key,
    signer: Option<&(Issuer, Key)>,
) -> Made<String> {
    const DAY: i64 = 86_400;
    let now = host(call)?.now.seconds;
    let serial = Stream::of(call)?.take(16);
    let public = key.public_bytes()?;
    let key_id = &sha2::Sha256::digest(&public)[..20];
    let subject = distinguished(&request.name);
    let (issuer, signing) = match signer {
        Some((issuer, signing)) => (issuer.name.as_slice(), signing),
        None => (subject.as_slice(), key),
    };
    let signer_id = signer.and_then(|(issuer, _)| issuer.key_id.as_deref());
    let until = now.saturating_add(request.days.saturating_mul(DAY));
    let validity = sequence(&[&time(now), &time(until)]);
    let algorithm = signing.signature_algorithm();
    let body = sequence(&[
        &tlv(0xa0, &integer(&[2])),
        &integer(&serial),
        &algorithm,
        issuer,
        &validity,
        &subject,
        &sequence(&[&key.algorithm(), &bit_string(&public)]),
        &extensions(request, key_id, signer_id),
    ]);
    let signature = signing.sign(&body)?;
    Ok(pem("CERTIFICATE", &sequence(&[&body, &algorithm, &bit_string(&signature)])))
}
