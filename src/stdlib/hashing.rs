//! The package `hashing` (runtime specification, section 12).

use bumpalo::Bump;
use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, Crc};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::value::ValueRef;

use super::{Builtin, Failure, mismatch};

const CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::package("hashing") => {
        // Checksums are four bytes in little-endian order.
        /// CRC-32, four bytes, lowest first.
        crc32(Bytes) -> Bytes | (String) -> Bytes, "hashing.crc32('abc').toHexString() == 'C2412435'", Open,
            |bump, a| Ok(made(bump, &CRC32.checksum(&bytes(a)?).to_le_bytes()));
        /// CRC-32C (Castagnoli), four bytes, lowest first.
        crc32c(Bytes) -> Bytes | (String) -> Bytes, "hashing.crc32c('abc').size() == 4", Open,
            |bump, a| Ok(made(bump, &CRC32C.checksum(&bytes(a)?).to_le_bytes()));
        /// MD5.
        md5(Bytes) -> Bytes | (String) -> Bytes,
            "hashing.md5('abc').toHexString() == '900150983CD24FB0D6963F7D28E17F72'", Open,
            |bump, a| Ok(made(bump, &Md5::digest(bytes(a)?)));
        /// SHA-256.
        sha256(Bytes) -> Bytes | (String) -> Bytes, "hashing.sha256('abc').size() == 32", Open,
            |bump, a| Ok(made(bump, &Sha256::digest(bytes(a)?)));
    }
};

fn bytes<'a>(args: &[ValueRef<'a>]) -> Result<std::borrow::Cow<'a, [u8]>, Failure<'a>> {
    match args.first() {
        Some(ValueRef::Bytes(bytes)) => Ok((*bytes).into()),
        Some(ValueRef::String(text)) => Ok(text.to_utf8()),
        _ => Err(mismatch()),
    }
}

fn made<'a>(bump: &'a Bump, bytes: &[u8]) -> ValueRef<'a> {
    ValueRef::Bytes(bump.alloc_slice_copy(bytes))
}
