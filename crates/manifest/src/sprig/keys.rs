//! Private keys: made, written as PEM, read, and used to sign.

use super::args::{Result, S, string, utf8};
use super::der::{bit_string, integer, octet_string, pem, pem_decode, read, sequence, tlv};
use super::host::host;
use super::random::Stream;
use crate::tmpl::{Call, CallError, Function, Value};
use ed25519_dalek::Signer as _;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::{PrivateKey as RsaPrivateKey, pkcs1v15::Pkcs1v15Sign};
use sha2::Digest as _;

pub(super) static FUNCTIONS: &[Function] =
    &[Function::new("genPrivateKey", &[S], S, generate_private_key)];

/// A private key of a kind that can sign certificates.
pub(super) enum Key {
    Rsa(Box<RsaPrivateKey>),
    Ecdsa(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const OID_RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const OID_ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const NULL: &[u8] = &[5, 0];

pub(super) type Made<T> = std::result::Result<T, CallError>;

fn generate_private_key(call: &mut Call<'_>, args: &[Value]) -> Result {
    let key = match &*utf8(&args[0]) {
        "" | "rsa" => Key::rsa(call, 4096)?,
        "ecdsa" => {
            host(call)?.count_key()?;
            let mut stream = Stream::of(call)?;
            loop {
                // Nearly every 32 bytes are a key.
                if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&stream.take(32)) {
                    break Key::Ecdsa(key);
                }
            }
        }
        "ed25519" => {
            host(call)?.count_key()?;
            let mut seed = [0; 32];
            seed.copy_from_slice(&Stream::of(call)?.take(32));
            Key::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
        }
        "dsa" => {
            return Err(CallError::new(
                "`genPrivateKey \"dsa\"` is not there: nothing takes DSA keys any more",
            ));
        }
        other => return string(format!("Unknown type {other}")),
    };
    string(key.pem()?)
}

impl Key {
    /// A new RSA key.
    pub fn rsa(call: &mut Call<'_>, bits: usize) -> Made<Self> {
        host(call)?.count_key()?;
        let key = RsaPrivateKey::new(&mut Stream::of(call)?, bits)
            .map_err(|error| CallError::new(format!("error generating rsa key: {error}")))?;
        Ok(Self::Rsa(Box::new(key)))
    }

    /// Reads a PEM block as sprig does.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let (label, bytes) = pem_decode(text).ok_or("no PEM data in input")?;
        if label == "PRIVATE KEY" {
            return Self::pkcs8(&bytes)
                .ok_or_else(|| "decoding PEM as PKCS#8: unknown key".to_owned());
        }
        match label.strip_suffix(" PRIVATE KEY") {
            None => Err(format!("no private key data in PEM block of type {label}")),
            Some("RSA") => match RsaPrivateKey::from_pkcs1_der(&bytes) {
                Ok(key) => Ok(Self::Rsa(Box::new(key))),
                Err(error) => Err(format!("parsing RSA private key from PEM: {error}")),
            },
            Some("EC") => Self::sec1(&bytes)
                .ok_or_else(|| "parsing EC private key from PEM: no key of P-256".to_owned()),
            Some("DSA") => Err("DSA keys are not there".to_owned()),
            Some(other) => Err(format!("invalid private key type {other}")),
        }
    }

    fn sec1(bytes: &[u8]) -> Option<Self> {
        let (_, content, _) = read(bytes)?;
        let (_, _, rest) = read(content)?;
        let (_, scalar, _) = read(rest)?;
        Some(Self::Ecdsa(p256::ecdsa::SigningKey::from_slice(scalar).ok()?))
    }

    fn pkcs8(bytes: &[u8]) -> Option<Self> {
        let (_, content, _) = read(bytes)?;
        let (_, _, rest) = read(content)?;
        let (_, algorithm, rest) = read(rest)?;
        let (_, key, _) = read(rest)?;
        let (_, oid, _) = read(algorithm)?;
        match oid {
            OID_RSA => Some(Self::Rsa(Box::new(RsaPrivateKey::from_pkcs1_der(key).ok()?))),
            OID_EC => Self::sec1(key),
            OID_ED25519 => {
                let (_, seed, _) = read(key)?;
                Some(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed.try_into().ok()?)))
            }
            _ => None,
        }
    }

    /// The key as Go writes it.
    pub fn pem(&self) -> Made<String> {
        Ok(match self {
            Self::Rsa(key) => {
                let der = key.to_pkcs1_der().map_err(|e| CallError::new(e.to_string()))?;
                pem("RSA PRIVATE KEY", der.as_bytes())
            }
            Self::Ecdsa(key) => {
                let curve = tlv(0xa0, &tlv(6, OID_P256));
                let public = tlv(0xa1, &bit_string(&self.public_bytes()?));
                let parts: &[&[u8]] =
                    &[&integer(&[1]), &octet_string(&key.to_bytes()), &curve, &public];
                pem("EC PRIVATE KEY", &sequence(parts))
            }
            Self::Ed25519(key) => {
                let seed = octet_string(&octet_string(&key.to_bytes()));
                let algorithm = sequence(&[&tlv(6, OID_ED25519)]);
                pem("PRIVATE KEY", &sequence(&[&integer(&[0]), &algorithm, &seed]))
            }
        })
    }

    /// The public key as it stands in a certificate's bit string.
    pub fn public_bytes(&self) -> Made<Vec<u8>> {
        Ok(match self {
            Self::Rsa(key) => {
                let der = key.to_public_key().to_pkcs1_der();
                der.map_err(|error| CallError::new(error.to_string()))?.as_bytes().to_vec()
            }
            Self::Ecdsa(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
        })
    }

    /// The algorithm of the public key.
    pub fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sequence(&[&tlv(6, OID_RSA), NULL]),
            Self::Ecdsa(_) => sequence(&[&tlv(6, OID_EC), &tlv(6, OID_P256)]),
            Self::Ed25519(_) => sequence(&[&tlv(6, OID_ED25519)]),
        }
    }

    /// The algorithm of its signatures.
    pub fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sequence(&[&tlv(6, OID_RSA_SHA256), NULL]),
            Self::Ecdsa(_) => sequence(&[&tlv(6, OID_ECDSA_SHA256)]),
            Self::Ed25519(_) => sequence(&[&tlv(6, OID_ED25519)]),
        }
    }

    /// Signs with SHA-256 where the algorithm needs a digest.
    pub fn sign(&self, bytes: &[u8]) -> Made<Vec<u8>> {
        Ok(match self {
            Self::Rsa(key) => {
                let digest = sha2::Sha256::digest(bytes);
                let signed = key.sign(Pkcs1v15Sign::new::<sha2::Sha256>(), &digest);
                signed.map_err(|error| CallError::new(error.to_string()))?
            }
            Self::Ecdsa(key) => {
                let signature: p256::ecdsa::Signature = key.sign(bytes);
                signature.to_der().as_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(bytes).to_bytes().to_vec(),
        })
    }
}
