// An error that is answered as a problem document (RFC 9457).

export class Problem extends Error {
  constructor(status, code, detail, hint = '') {
    super(detail);
    Object.assign(this, { status, code, hint });
  }

  document(instance, requestId) {
    return { type: 'about:blank', title: this.message, status: this.status, detail: this.message, code: this.code, hint: this.hint, instance, request_id: requestId };
  }
}
