//! The door of a connection of HTTP/1.1, between its socket and the server: in overload a request is refused here, before anything else has
//! looked at it, for the price of a read and a write.
//!
//! It may answer only between two requests, when the server has sent everything and waits for the next. So it counts along: a request is
//! looked at when it begins, goes on to the server byte for byte, and the next one is looked at when the answer has left. A connection on which
//! that cannot be known, such as one whose caller does not wait for answers, is left to the server from then on, whose guards refuse as well.

mod head;
mod passage;
#[cfg(test)]
mod tests;

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use self::head::Sight;
pub(crate) use self::passage::Passage;
use crate::edge::{Doorkeeper, Verdict};

/// Bytes read at once while a request is looked at.
const PIECE: usize = 8 * 1024;
/// A head that is longer is not held for a look.
const MOST_HELD: usize = 16 * 1024;

/// A socket whose requests are looked at.
#[derive(Debug)]
pub(crate) struct Door {
    stream: TcpStream,
    keeper: Arc<Doorkeeper>,
    passage: Arc<Passage>,
    stage: Stage,
    /// Read, and not handed to the server yet.
    held: Vec<u8>,
    /// A refusal that has not been sent yet.
    refusal: Vec<u8>,
    /// When the server was last given something.
    given: Instant,
    /// For how long it is given nothing while its caller is refused: it closes connections that it takes for idle.
    patience: Duration,
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Between two requests, or within one that is looked at.
    Looking,
    /// A request goes to the server: what is held, and so much more of its body.
    Going(usize),
    /// Everything goes to the server, for good.
    Open,
}

impl Door {
    /// The door of a fresh connection, with what its service tells it. The server closes connections that are idle for so long.
    pub(crate) fn new(
        stream: TcpStream,
        keeper: Arc<Doorkeeper>,
        idle: Duration,
    ) -> (Self, Arc<Passage>) {
        let passage = Arc::new(Passage::default());
        let door = Self {
            stream,
            keeper,
            passage: Arc::clone(&passage),
            stage: Stage::Looking,
            held: Vec::new(),
            refusal: Vec::new(),
            given: Instant::now(),
            patience: idle / 2,
        };
        (door, passage)
    }

    /// Looks at what is held, and decides if that is enough to.
    fn look(&mut self) {
        let held = self.held.len();
        match Sight::of(&self.held) {
            Sight::Part if held < MOST_HELD => {}
            Sight::Request(asked, length) if held == length => {
                let is_due = self.given.elapsed() >= self.patience;
                let verdict = if is_due {
                    Verdict::Unasked
                } else {
                    self.keeper.judge(asked)
                };
                match verdict {
                    Verdict::Refused(answer) => {
                        self.refusal = answer;
                        self.held = Vec::new();
                    }
                    let_in => self.give(Stage::Going(0), let_in == Verdict::LetIn),
                }
            }
            // Its body comes apart: the guard does not wait for it, and the server knows what to do with it then.
            Sight::Request(_, length) if held < length => {
                self.give(Stage::Going(length - held), false);
            }
            Sight::Request(..) | Sight::Part | Sight::Odd => self.give(Stage::Open, false),
        }
    }

    /// What is held goes to the server.
    fn give(&mut self, stage: Stage, is_let_in: bool) {
        self.stage = stage;
        self.given = Instant::now();
        self.passage.begin(is_let_in);
    }

    /// Sends what is left of a refusal.
    fn poll_refuse(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.refusal))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on into what is held; how much.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [const { MaybeUninit::uninit() }; PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        self.held.extend_from_slice(piece.filled());
        Poll::Ready(Ok(piece.filled().len()))
    }

    /// Hands on as much of what is held as fits.
    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let fits = self.held.len().min(buffer.remaining());
        buffer.put_slice(&self.held[..fits]);
        self.held.drain(..fits);
        if self.held.is_empty() {
            // Thousands of connections wait for their next request.
            self.held = Vec::new();
        }
    }

    /// Reads for the server, no more than so much; how much.
    fn poll_through(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        let most = most.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        Poll::Ready(Ok(read))
    }
}

impl AsyncRead for Door {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let door = self.get_mut();
        loop {
            match door.stage {
                Stage::Looking => {
                    ready!(door.poll_refuse(cx))?;
                    let read = ready!(door.poll_hold(cx))?;
                    if read == 0 {
                        door.give(Stage::Open, false);
                    } else {
                        door.look();
                    }
                }
                _ if !door.held.is_empty() => {
                    door.hand_on(buffer);
                    return Poll::Ready(Ok(()));
                }
                Stage::Open => return Pin::new(&mut door.stream).poll_read(cx, buffer),
                Stage::Going(0) if door.passage.is_free() => door.stage = Stage::Looking,
                // The caller went away, or does not wait for his answer.
                Stage::Going(0) => {
                    let before = buffer.filled().len();
                    ready!(Pin::new(&mut door.stream).poll_read(cx, buffer))?;
                    if buffer.filled().len() > before {
                        door.stage = Stage::Open;
                    }
                    return Poll::Ready(Ok(()));
                }
                Stage::Going(left) => {
                    let read = ready!(door.poll_through(cx, buffer, left))?;
                    door.stage = Stage::Going(left - read);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for Door {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.passage.flushed();
        Poll::Ready(Ok(()))
    }

    /// Whoever has not read his refusal by now is not waited for: he could hold the connection for ever.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
