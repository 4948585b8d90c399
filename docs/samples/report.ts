import { env } from "node:process";

type Report = { AtsiApplicationId: string; Status: string; RawStatus?: string; BusinessDate?: string };
type Reply = { Status: string; PreviousStatus: string | null; Result: string; Version: number; RequestId: string };

const { STATUS_URL, ATSI_TOKEN, APPLICATION_ID } = env;

async function send(message: Report) {
  const reply = await fetch(`${STATUS_URL}/api/application-status`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-AtsiToken": ATSI_TOKEN! },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: reply.status, retryAfter: Number(reply.headers.get("Retry-After") ?? 0), body: await reply.text() };
}

async function report(message: Report, attempts = 8): Promise<Reply> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const reply = await send(message).catch(() => ({ status: 599, retryAfter: 0, body: "" })); // no answer
    if (reply.status === 200) return JSON.parse(reply.body);
    if (reply.status !== 429 && reply.status < 500) throw new Error(reply.body);
    const pause = reply.retryAfter + Math.random() * Math.min(60, 2 ** attempt);
    await new Promise((resume) => setTimeout(resume, pause * 1000));
  }
  throw new Error("not sent: keep the report and send it with the next ones");
}

const reply = await report({
  AtsiApplicationId: APPLICATION_ID!,
  Status: "INTERVIEW",
  RawStatus: "1st phone interview",
  BusinessDate: new Date().toISOString(),
});
console.log(reply.Result);
