//! A call whose end is told from its being called off.
//!
//! The daemon calls off what a step that has ended no longer needs, in the middle of what it sends; to a service that reads the call's
//! stream this looks like its end (tonic takes a cancelled request for a complete one). Here it is an error.
//!
//! Reads and writes: nothing itself. Unknown here: what the call is for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tonic::server::NamedService;
use tower::{BoxError, Service};

/// A service that reads no call as whole that was called off.
#[derive(Clone)]
pub(crate) struct Whole<S>(pub(crate) S);

/// What a call sends.
pub(crate) struct WholeBody(Incoming);

impl<S: NamedService> NamedService for Whole<S> {
    const NAME: &'static str = S::NAME;
}

impl<S: Service<http::Request<WholeBody>>> Service<http::Request<Incoming>> for Whole<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Incoming>) -> S::Future {
        self.0.call(request.map(WholeBody))
    }
}

impl Body for WholeBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.0).poll_frame(context));
        Poll::Ready(match frame {
            None if !self.0.is_end_stream() => Some(Err("the call was called off".into())),
            // As a text: whose kind could be read would be taken for an end.
            frame => frame.map(|frame| frame.map_err(|error| error.to_string().into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
