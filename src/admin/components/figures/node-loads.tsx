import React from 'react';
import type { LiveAnswer } from './answers.ts';
import { Empty } from './parts.tsx';
import { useWords } from './words.ts';

/** How full each media node is. */
export function NodeLoads({ nodes }: Pick<LiveAnswer, 'nodes'>) {
  const { say, formats } = useWords('Live');
  if (nodes.length === 0) return <Empty>{say('noNodes')}</Empty>;
  return (
    <div className="fg-nodes">
      {nodes.map((node) => {
        const { load, capacity } = node;
        const full = load >= capacity;
        return (
          <div key={node.node_id} className="fg-node" data-node={node.node_id} data-load={load}>
            <strong>{node.node_id}</strong>
            <div
              className={`fg-load${full ? ' fg-load-full' : ''}`}
              role="meter"
              aria-label={node.node_id}
              aria-valuemin={0}
              aria-valuemax={capacity}
              aria-valuenow={Math.min(load, capacity)}
            >
              <i style={{ width: `${Math.min(100, (100 * load) / capacity)}%` }} />
            </div>
            <span>{say('load', { load: formats.count(load), capacity: formats.count(capacity) })}</span>
            {node.draining && <span className="fg-mark fg-mark-warn">{say('draining')}</span>}
            {!node.fresh && (
              <span className="fg-mark fg-mark-bad">
                {say('silentFor', { seconds: formats.count(Math.round(node.silent_sec)) })}
              </span>
            )}
          </div>
        );
      })}
    </div>
  );
}
