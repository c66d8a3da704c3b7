import React from 'react';
export default function Latency() {
  return <p>...</p>;
}
