//! Open descriptors over a Unix stream socket (`SCM_RIGHTS`).
//!
//! The descriptors travel with the first byte of a write. The receiver must read with
//! [`receive`]: a plain read drops them.
#![expect(clippy::disallowed_methods, reason = "reads `/proc/self/fd`")]

use crate::Error;
use crate::limits::DESCRIPTORS_MAX;
use rustix::cmsg_space;
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

/// Sends all of `bytes` (at least one) and 0 to 64 descriptors with the first of them.
///
/// # Errors
/// [`Error::DescriptorCount`], [`Error::Value`] for no bytes, else what the system says. On a
/// non-blocking socket [`Error::is_would_block`] when it is full; nothing was sent then, if
/// `bytes` is as short as it should be there.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Error> {
    if descriptors.len() > DESCRIPTORS_MAX {
        return Err(Error::DescriptorCount { count: descriptors.len() });
    }
    if bytes.is_empty() {
        let reason = "descriptors travel with the first byte, so there must be one";
        return Err(Error::Value { what: "message", value: String::new(), reason });
    }
    let failed = |errno| Error::system("send a message to another process", errno);
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        let fits = control.push(SendAncillaryMessage::ScmRights(descriptors));
        debug_assert!(fits, "the space is for {DESCRIPTORS_MAX}");
    }
    let socket = socket.as_fd();
    let flags = SendFlags::NOSIGNAL;
    let pieces = [IoSlice::new(bytes)];
    let mut sent =
        retry_on_intr(|| sendmsg(socket, &pieces, &mut control, flags)).map_err(failed)?;
    while sent < bytes.len() {
        let rest = &bytes[sent..];
        sent += retry_on_intr(|| rustix::net::send(socket, rest, flags)).map_err(failed)?;
    }
    Ok(())
}

/// One read: how many bytes came (0: the other side has closed), and the descriptors that came
/// with them. They are not inherited by programs (`CLOEXEC`).
///
/// # Errors
/// What the system says; [`Error::is_would_block`] on a non-blocking socket without anything to
/// read. [`Error::Exhausted`] when this process has no descriptor left: the
/// kernel then drops what it could not deliver.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<(usize, Vec<OwnedFd>), Error> {
    let socket = socket.as_fd();
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = retry_on_intr(|| {
        recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, RecvFlags::CMSG_CLOEXEC)
    })
    .map_err(|errno| Error::system("receive a message from another process", errno))?;
    let mut received = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = part {
            received.extend(descriptors);
        }
    }
    if message.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Error::Exhausted {
            resource: "descriptors",
            action: "receive descriptors from another process",
            source: Errno::MFILE.into(),
        });
    }
    Ok((message.bytes, received))
}

/// Keeps descriptors that this process got from whoever started it (a shell's, a CI system's
/// log) from what it starts. Everything that Rust opens is marked so anyway.
///
/// # Errors
/// `/proc` is not there.
pub fn keep_to_this_process() -> Result<(), Error> {
    let failed = |e| Error::system("list this process's descriptors", e);
    for entry in std::fs::read_dir("/proc/self/fd").map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.parse::<RawFd>().ok());
        let Some(number) = number.filter(|number| *number > 2) else { continue };
        // SAFETY: the descriptor is only borrowed for two calls that change a flag of it. Should
        // another thread close it meanwhile, the calls fail or mark its successor, which is to
        // be marked, too.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        match fcntl_getfd(descriptor) {
            Ok(flags) if !flags.contains(FdFlags::CLOEXEC) => {
                let _ = fcntl_setfd(descriptor, flags | FdFlags::CLOEXEC);
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{receive, send};
    use crate::Error;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn descriptors_arrive_open_and_in_order() {
        let (left, right) = UnixStream::pair().unwrap();
        let pipes: Vec<_> = (0..64).map(|_| std::io::pipe().unwrap()).collect();
        let writers: Vec<_> = pipes.iter().map(|(_, writer)| writer.as_fd()).collect();
        send(&left, b"0", &writers).unwrap();
        let mut buffer = [0_u8; 8];
        let (count, received) = receive(&right, &mut buffer).unwrap();
        assert_eq!((count, received.len()), (1, 64));
        for (index, descriptor) in received.into_iter().enumerate() {
            std::io::PipeWriter::from(descriptor).write_all(&[index as u8]).unwrap();
        }
        for (index, (mut reader, writer)) in pipes.into_iter().enumerate() {
            drop(writer);
            let mut byte = Vec::new();
            reader.read_to_end(&mut byte).unwrap();
            assert_eq!(byte, [index as u8]);
        }
    }

    #[test]
    fn too_many_descriptors_and_no_bytes_are_refused() {
        let (left, right) = UnixStream::pair().unwrap();
        let many = vec![left.as_fd(); 65];
        assert!(matches!(send(&right, b"0", &many), Err(Error::DescriptorCount { count: 65 })));
        assert!(matches!(send(&right, b"", &[]), Err(Error::Value { .. })));
    }

    #[test]
    fn the_other_side_closed_is_zero_bytes() {
        let (left, right) = UnixStream::pair().unwrap();
        drop(left);
        assert_eq!(receive(&right, &mut [0; 4]).unwrap().0, 0);
        assert!(send(&right, b"0", &[]).is_err());
    }
}
